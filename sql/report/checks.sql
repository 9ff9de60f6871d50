-- Checks: every check of the run, those that failed first.
select table_name, check_name, severity, passed, accepted, failing_rows, observed, owner
from check_results
where run_id = $run_id
order by passed, severity, table_name, check_name
