-- What came in: every file that was given to the run, and what became of it.
select
    deliveries.path,
    deliveries.outcome,
    captures.form,
    captures.records,
    captures.refusals,
    deliveries.detail
from deliveries
left join captures on deliveries.dump_id = captures.dump_id
order by deliveries.delivery_number
