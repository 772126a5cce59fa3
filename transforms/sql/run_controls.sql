-- Grain: one row a run, control and subject; both sides and their difference (rule 13). All differences are 0.
create view run_controls as
with usage_lines as (
    select run_id, line.account_id, line.category, line.exact_amount
    from invoice_line_items as line
    join invoices using (invoice_id)
    where line.category in ('toll_free', 'international', 'domestic_premium', 'overage')
),
call_sums as (
    select run_id, account_id, call_type as category, sum(cost)::decimal(24, 6) as cost
    from billed_calls
    where call_type <> 'included'
    group by all
),
stored as (
    select run_id, source_file, sum(billed)::bigint as billed, sum(unbilled)::bigint as unbilled
    from (
        select run_id, source_file, count(*) as billed, 0 as unbilled from billed_calls group by all
        union all
        select run_id, source_file, 0, count(*) from unbilled_calls group by all
    )
    group by all
),
aside as (
    select run_id, source_file, count(*)::bigint as rows_aside from set_aside_records group by all
),
sums as (
    select
        invoice_id,
        sum(amount) filter (where category <> 'tax') as above_tax,
        sum(amount) filter (where category = 'tax') as tax
    from invoice_line_items
    group by all
),
reruns as (
    select run_id, invoice_month, cast(json_extract(manifest, '$.rerun.accounts') as varchar[]) as accounts
    from runs
    where kind = 'rerun'
),
issued_of_rerun as (
    select
        reruns.run_id,
        line.account_id,
        line.category,
        sum(line.amount)                                                                          as amount,
        sum(line.exact_amount) filter (
            where line.category in ('toll_free', 'international', 'domestic_premium', 'overage')
        )                                                                                         as usage
    from invoice_line_items as line
    join reruns using (invoice_month)
    where accounts is null or list_contains(accounts, line.account_id)
    group by all
),
corrected_of_rerun as (
    select
        rerun_id as run_id,
        account_id,
        category,
        sum(amount)                                                                               as amount,
        sum(exact_amount) filter (
            where category in ('toll_free', 'international', 'domestic_premium', 'overage')
        )                                                                                         as usage
    from rerun_line_items
    group by all
),
line_differences as (
    select run_id, account_id, category,
        coalesce(corrected.amount, 0) - coalesce(issued.amount, 0) as amount,
        coalesce(corrected.usage, 0) - coalesce(issued.usage, 0) as usage
    from corrected_of_rerun as corrected
    full join issued_of_rerun as issued using (run_id, account_id, category)
),
adjusted as (
    select rerun_id as run_id, account_id, base_category as category, sum(difference + adjusted_before) as amount
    from adjustments
    group by all
),
call_cost_differences as (
    select rerun_id as run_id, account_id,
        sum(coalesce(try_cast(corrected_value as decimal(18, 6)), 0) - coalesce(try_cast(issued_value as decimal(18, 6)), 0)) as cost
    from rerun_call_differences
    where "column" = 'cost'
    group by all
),
usage_differences as (
    select run_id, account_id, sum(usage) as usage from line_differences group by all
),
taken as (
    select taken_by_invoice_id as invoice_id, base_category, sum(difference) as amount
    from adjustments
    where taken_by_invoice_id is not null
    group by all
),
taken_lines as (
    select invoice_id, base_category, sum(amount) as amount
    from invoice_line_items
    where category = 'adjustments'
    group by all
),
controls as (
    select run_id, 'rerun lines - issued lines = adjustments' as control, account_id || ' ' || category as subject,
        coalesce(line_differences.amount, 0)::decimal(24, 6) as left_side,
        coalesce(adjusted.amount, 0)::decimal(24, 6) as right_side
    from (from line_differences where category <> 'tax') as line_differences
    full join adjusted using (run_id, account_id, category)
    union all
    select run_id, 'usage of the rerun - issued usage = call differences', account_id,
        coalesce(usage, 0)::decimal(24, 6), coalesce(cost, 0)::decimal(24, 6)
    from usage_differences full join call_cost_differences using (run_id, account_id)
    union all
    select run_id, 'adjustment lines = adjustments taken', invoice_id || ' ' || base_category,
        coalesce(taken_lines.amount, 0)::decimal(24, 6), coalesce(taken.amount, 0)::decimal(24, 6)
    from taken_lines full join taken using (invoice_id, base_category) join invoices using (invoice_id)
    union all
    select run_id, 'rows read = rows accounted for', source_file,
        rows_read::decimal(24, 6),
        (rows_billed + rows_unbilled + rows_duplicate + rows_conflict + rows_suspended + rows_outside_month
            + rows_rejected)::decimal(24, 6)
    from source_files
    union all
    select run_id, 'seconds read = seconds accounted for', source_file,
        seconds_read::decimal(24, 6), seconds_accounted::decimal(24, 6)
    from source_files
    union all
    select run_id, 'rows billed = billed calls stored', source_file,
        rows_billed::decimal(24, 6), coalesce(billed, 0)::decimal(24, 6)
    from source_files left join stored using (run_id, source_file)
    union all
    select run_id, 'rows unbilled = unbilled calls stored', source_file,
        rows_unbilled::decimal(24, 6), coalesce(unbilled, 0)::decimal(24, 6)
    from source_files left join stored using (run_id, source_file)
    union all
    select run_id, 'rows set aside = records kept', source_file,
        (rows_duplicate + rows_conflict + rows_suspended + rows_outside_month + rows_rejected)::decimal(24, 6),
        coalesce(rows_aside, 0)::decimal(24, 6)
    from source_files left join aside using (run_id, source_file)
    union all
    select run_id, 'calls = line before rounding', account_id || ' ' || category,
        coalesce(cost, 0)::decimal(24, 6), coalesce(exact_amount, 0)::decimal(24, 6)
    from call_sums full join usage_lines using (run_id, account_id, category)
    union all
    select run_id, 'lines = subtotal', invoice_id,
        coalesce(above_tax, 0)::decimal(24, 6), subtotal::decimal(24, 6)
    from invoices left join sums using (invoice_id)
    union all
    select run_id, 'tax lines = tax total', invoice_id, coalesce(tax, 0)::decimal(24, 6), tax_total::decimal(24, 6)
    from invoices left join sums using (invoice_id)
    union all
    select run_id, 'subtotal + tax = total', invoice_id, (subtotal + tax_total)::decimal(24, 6), total::decimal(24, 6)
    from invoices
)
select
    run_id,
    control,
    subject,
    left_side,
    right_side,
    (left_side - right_side)::decimal(24, 6)     as difference
from controls
order by run_id, control, subject;
