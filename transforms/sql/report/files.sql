-- Grain: one row an input file of the run.
select
    source_file,
    case when len(string_split(source_file, '/')) > 2 then split_part(source_file, '/', 2) else 'canonical' end as source,
    sha256,
    bytes,
    rows_read,
    rows_billed,
    rows_unbilled,
    rows_suspended,
    rows_duplicate,
    rows_conflict,
    rows_outside_month,
    rows_rejected,
    seconds_read
from source_files
where run_id = $run_id
order by source_file;
