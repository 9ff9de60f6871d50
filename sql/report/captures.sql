-- Captures: different files that were taken in; a file that comes twice is one.
select count(*) as captures from raw_dumps
