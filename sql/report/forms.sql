-- Forms seen: captures by the form that they were recognised as, and the mentions that they gave.
select form, count(*) as captures, sum(records) as mentions, sum(refusals) as refusals
from captures
group by form
order by mentions desc, captures desc, form
