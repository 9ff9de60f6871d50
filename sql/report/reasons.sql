-- Why something was refused: by reason.
select reason, count(*) as refused, count(distinct dump_id) as captures
from refused_records
group by reason
order by refused desc, reason
