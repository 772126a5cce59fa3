-- Grain: one row an outcome and reason of rows that were set aside.
select outcome, reason, count(*)::bigint as records
from set_aside_records
where run_id = $run_id
group by outcome, reason
order by outcome, records desc, reason;
