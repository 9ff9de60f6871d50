-- Repositories: different GitHub repositories that papers name, or that pages show for them.
select count(distinct repo_key) as repositories from github_links
