-- The papers that changed: those of which a value differs first, then new ones.
select change, title, fields, merged_into, paper_id
from paper_changes
order by change = 'new', change, title, paper_id
limit $most
