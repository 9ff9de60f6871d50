-- Coverage: of how many papers each value is known.
select field, with_value, papers, share from coverage order by share desc, field
