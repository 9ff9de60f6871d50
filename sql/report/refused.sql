-- Refused: records, lines and files that were not understood, or left out by people; kept with a reason, and in no other table.
select count(*) as refused from refused_records
