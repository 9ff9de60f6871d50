-- paper_values: one row is one paper, with a hash of each value that readers see; two of these are compared.
--
-- What only counts or points (numbers of mentions, the mention that a value is from) is left out: it moves with every
-- capture, and no value of the paper has changed then.
with authors as (
    select paper_id, string_agg(name, chr(31) order by position) as names
    from paper_authors
    group by paper_id
),

repositories as (
    select paper_id, string_agg(repo_key, ' ' order by repo_key) as repo_keys
    from github_links
    group by paper_id
)

select
    papers.paper_id,
    papers.title as shown_title,
    hash(papers.title) as title,
    hash(papers.abstract) as abstract,
    hash(papers.abstract_kind) as abstract_kind,
    hash(papers.ai_summary) as ai_summary,
    hash(papers.arxiv_id) as arxiv_id,
    hash(papers.n_authors) as n_authors,
    hash(authors.names) as authors,
    hash(papers.organisation_handle, papers.organisation_name) as organisation,
    hash(papers.published_on, papers.published_year_inferred) as published_on,
    hash(papers.arxiv_published_at) as arxiv_published_at,
    hash(papers.daily_on) as daily_on,
    hash(repositories.repo_keys) as repositories
from papers
left join authors on papers.paper_id = authors.paper_id
left join repositories on papers.paper_id = repositories.paper_id
