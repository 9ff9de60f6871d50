-- Version 3: github_links has the day of its stars. Every run makes the table anew from what was read.
drop table if exists github_links;
