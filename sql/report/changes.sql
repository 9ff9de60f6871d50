-- What changed: papers that differ from the publication before, by what became of them.
select change, count(*) as papers from paper_changes group by change order by papers desc, change
