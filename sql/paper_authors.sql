-- paper_authors: one row is one author of one paper, by name.
--
-- All names of a paper are those of one mention, which sql/papers.sql chose: lists of two mentions are never mixed.
select
    papers.paper_id,
    mention_authors.position,
    mention_authors.name,
    mention_authors.mention_id
from papers
inner join mention_authors on papers.authors_mention_id = mention_authors.mention_id
