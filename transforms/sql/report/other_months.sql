-- Grain: one row a month, not the run's own, that records of the run's files start in, and what became of it.
select
    strftime(own_month, '%Y-%m')              as own_month,
    arrival,
    issued_invoice_month is not null          as is_issued,
    is_read_there,
    count(*)::bigint                          as records
from outside_month_records
where run_id = $run_id
group by all
order by own_month, is_issued, is_read_there;
