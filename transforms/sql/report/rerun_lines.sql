-- Grain: one row: what the rerun compared.
select
    count(*)::bigint                                  as lines,
    count(distinct account_id)::bigint                as accounts
from rerun_line_items
where rerun_id = $run_id;
