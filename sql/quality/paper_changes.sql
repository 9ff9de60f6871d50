-- paper_changes: one row is one paper that is not to readers what it was in the publication before.
--
-- `had_papers` are all ids that readers ever had, `values_before` and `values_now` what paper_values.sql gives of the publication
-- before and of the warehouse. Where the publication before cannot be compared, `values_before` is empty, and only what is new is told.
with compared as (
    select
        coalesce(now.paper_id, before.paper_id) as paper_id,
        coalesce(now.shown_title, before.shown_title) as title,
        merged_papers.paper_id as merged_into,
        case
            when now.paper_id is null and merged_papers.paper_id is not null then 'merged'
            when now.paper_id is null then 'gone'
            when had_papers.paper_id is null then 'new'
            when before.paper_id is null and exists (select 1 from values_before) then 'returned'
            when before.paper_id is not null then 'updated'
        end as change,
        nullif(concat_ws(
            ', ',
            case when now.title <> before.title then 'title' end,
            case when now.abstract <> before.abstract then 'abstract' end,
            case when now.abstract_kind <> before.abstract_kind then 'abstract_kind' end,
            case when now.ai_summary <> before.ai_summary then 'ai_summary' end,
            case when now.arxiv_id <> before.arxiv_id then 'arxiv_id' end,
            case when now.n_authors <> before.n_authors then 'n_authors' end,
            case when now.authors <> before.authors then 'authors' end,
            case when now.organisation <> before.organisation then 'organisation' end,
            case when now.published_on <> before.published_on then 'published_on' end,
            case when now.arxiv_published_at <> before.arxiv_published_at then 'arxiv_published_at' end,
            case when now.daily_on <> before.daily_on then 'daily_on' end,
            case when now.repositories <> before.repositories then 'repositories' end
        ), '') as fields
    from values_now as now
    full join values_before as before on now.paper_id = before.paper_id
    left join had_papers on now.paper_id = had_papers.paper_id
    left join merged_papers on before.paper_id = merged_papers.merged_paper_id
)

select paper_id, change, title, fields, case when change = 'merged' then merged_into end as merged_into
from compared
where change <> 'updated' or fields is not null
