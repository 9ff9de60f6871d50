-- Refused: records, lines and files that were not understood, or left out; kept, with a reason, in no other table.
select count(*) as refused from refused_records
