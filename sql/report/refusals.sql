-- What was refused: file, lines, reason and what to do; the newest captures first.
select
    raw_dumps.file_name,
    refused_records.line_start,
    refused_records.line_end,
    refused_records.reason,
    refused_records.detail,
    left(refused_records.text, 160) as text
from refused_records
inner join raw_dumps on refused_records.dump_id = raw_dumps.dump_id
order by raw_dumps.load_number desc, raw_dumps.file_name, refused_records.dump_id, refused_records.seq
limit $most
