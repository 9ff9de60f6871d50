-- compared_captures: one row is a new capture, or one of those that it is compared with.
--
-- New are captures that readers do not have (`published_dumps`); they are compared with the last 20 of their form that
-- readers have; those that people left out are neither. `recent` says whether a capture is among the last 20 of all that readers have.
with told as (
    select dump_id, bool_or(abstract_kind is not null or published_raw is not null) as more_than_titles
    from parsed_rows
    group by dump_id
),

-- a page of a day shows neither abstracts nor dates, in whatever text or markup it comes: it is no search page that lost them
formed as (
    select
        captures.dump_id,
        captures.records,
        captures.refusals,
        raw_dumps.load_number,
        raw_dumps.received_at,
        published_dumps.dump_id is null as is_new,
        case
            when
                captures.records = 0 or told.more_than_titles or captures.form in ('api_json', 'json_lines', 'html_data')
                then captures.form
            else captures.form || ', titles only'
        end as form
    from captures
    inner join raw_dumps on captures.dump_id = raw_dumps.dump_id
    left join told on captures.dump_id = told.dump_id
    left join published_dumps on captures.dump_id = published_dumps.dump_id
    where captures.dump_id not in (select dump_id from refused_records where reason = 'left_out')
)

select
    dump_id,
    form,
    records,
    refusals,
    is_new,
    not is_new and row_number() over (partition by is_new order by load_number desc, received_at desc, dump_id) <= 20 as recent
from formed
qualify is_new or recent or row_number() over (partition by form, is_new order by load_number desc, received_at desc, dump_id) <= 20
