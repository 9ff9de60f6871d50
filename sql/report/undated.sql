-- Papers without a date: no capture tells their day, or its year is not known.
select count(*) as papers from papers where published_on is null
