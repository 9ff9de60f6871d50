-- Organisations with most papers, where a capture shows one.
with shown as (
    select
        coalesce(organisation_handle, organisation_name) as identity,
        coalesce(organisation_name, organisation_handle) as name
    from papers
    where coalesce(organisation_handle, organisation_name) is not null
)

select min(name) as organisation, count(*) as papers
from shown
group by identity
order by papers desc, organisation
limit 15
