-- Views that analysts begin with. Statements are run in order; what views and columns mean: schemas/warehouse_views.py.

create view revenue_by_category as
select
    invoice_month,
    currency,
    category,
    count(*)::bigint                   as line_count,
    sum(amount)::decimal(18, 2)        as amount
from invoice_line_items
join invoices using (invoice_id, account_id, invoice_month)
group by all
order by invoice_month, currency, category;

create view month_over_month as
with issued as (
    select distinct invoice_month from invoices
),
pairs as (
    select account_id, currency, invoice_month from invoices
    union
    select account_id, currency, issued.invoice_month
    from invoices join issued on issued.invoice_month = invoices.invoice_month + interval 1 month
)
select
    pairs.account_id,
    pairs.invoice_month,
    pairs.currency,
    before.total                                                                     as previous_total,
    now_month.total                                                                  as total,
    (coalesce(now_month.total, 0) - coalesce(before.total, 0))::decimal(18, 2)       as difference
from pairs
left join invoices as now_month using (account_id, invoice_month)
left join invoices as before
    on before.account_id = pairs.account_id and before.invoice_month = pairs.invoice_month - interval 1 month
order by pairs.account_id, pairs.invoice_month;

create view top_destinations as
select
    usage_month,
    currency,
    call_type,
    coalesce(destination, '(none)')                as destination,
    count(*)::bigint                               as call_count,
    sum(billable_seconds)::bigint                  as billable_seconds,
    sum(cost)::decimal(24, 6)                      as cost
from billed_calls
join invoices on invoices.account_id = billed_calls.account_id
    and invoices.invoice_month = billed_calls.usage_month + interval 1 month
where call_type in ('international', 'domestic_premium')
group by all
order by usage_month, currency, cost desc, destination;

create view outside_month_records as
with outside as (
    select
        set_aside_records.*,
        source_files.sha256,
        try_cast(replace(detail, 'starts ', '') as timestamptz) as start_time
    from set_aside_records
    join source_files using (run_id, usage_month, source_file)
    where outcome = 'outside_month'
),
dated as (
    select *, date_trunc('month', start_time at time zone 'UTC')::date as own_month from outside
),
-- A rerun of the record's own month that added its call, and whose adjustments are allowed (rules 12.4, 12.6). The
-- record is known in it by the call's id in its text or by its file's bytes, and by source and start.
added_by_rerun as (
    select
        dated.run_id,
        dated.source_file,
        dated.source_line,
        min(rerun.run_id)    as billed_by_rerun_id
    from dated
    join runs as rerun on rerun.kind = 'rerun' and rerun.invoice_month = own_month + interval 1 month
    join rerun_call_differences as added
        on added.rerun_id = rerun.run_id
        and added.source = dated.source
        and added."column" = 'start_time'
        and added.issued_value is null
        and date_trunc('second', try_cast(added.corrected_value as timestamptz)) = dated.start_time
    where (
            contains(dated.raw_record, added.call_id)
            or list_contains(json_extract_string(rerun.manifest, '$.call_records.*'), dated.sha256)
        )
        and (
            added.cause = 'released'
            or try_cast(json_extract_string(rerun.manifest, '$.rerun.disputed_on') as date) <= (
                select max(dispute_until) from invoices where invoices.invoice_month = rerun.invoice_month
            )
        )
        and not exists (
            select 1 from rerun_call_differences as reason
            where reason.rerun_id = added.rerun_id and reason.account_id = added.account_id
                and reason.source = added.source and reason.call_id = added.call_id
                and reason."column" = 'reason' and reason.corrected_value in ('no_rate', 'unknown_destination')
        )
    group by all
)
select
    dated.*,
    case when own_month < usage_month then 'late' else 'early' end   as arrival,
    runs.invoice_month                                               as issued_invoice_month,
    exists (
        select 1 from source_files as own
        where own.usage_month = dated.own_month and own.sha256 = dated.sha256
    )                                                                as is_read_there,
    billed_by_rerun_id
from dated
left join added_by_rerun using (run_id, source_file, source_line)
left join runs on runs.kind = 'bill' and runs.invoice_month = own_month + interval 1 month
order by dated.usage_month, source_file, source_line;

create view late_calls as
select * exclude (sha256, own_month, arrival, is_read_there, billed_by_rerun_id)
from outside_month_records
where arrival = 'late' and issued_invoice_month is not null and not is_read_there and billed_by_rerun_id is null
order by usage_month, source_file, source_line;

-- Grain: one row a step of an invoice: its lines, then subtotal, taxes and total. Every cent of rounding is in a row.
create view rounding_bridge as
with call_sums as (
    select
        run_id,
        account_id,
        usage_month,
        call_type                                as category,
        count(*)::bigint                         as call_count,
        sum(cost)::decimal(24, 6)                as calls_cost
    from billed_calls
    where call_type <> 'included'
    group by all
),
lines as (
    select
        line.invoice_id,
        line.account_id,
        line.invoice_month,
        invoices.currency,
        line.line_number,
        line.category,
        line.charge_code,
        case when line.category = 'tax' then 'tax' else 'line' end    as step,
        call_sums.call_count,
        call_sums.calls_cost,
        line.exact_amount,
        line.amount
    from invoice_line_items as line
    join invoices using (invoice_id)
    left join call_sums
        on call_sums.run_id = invoices.run_id
        and call_sums.account_id = line.account_id
        and call_sums.usage_month = line.invoice_month - interval 1 month
        and call_sums.category = line.category
),
sums as (
    select
        invoice_id,
        sum(exact_amount) filter (where step = 'line')    as exact_subtotal,
        sum(exact_amount) filter (where step = 'tax')     as exact_tax,
        sum(amount) filter (where step = 'line')          as line_subtotal,
        sum(amount) filter (where step = 'tax')           as line_tax
    from lines
    group by all
),
steps as (
    select * from lines
    union all by name
    select
        invoice_id, account_id, invoice_month, currency, 'subtotal' as step,
        coalesce(exact_subtotal, 0)::decimal(24, 6) as exact_amount, subtotal as amount
    from invoices join sums using (invoice_id)
    union all by name
    select
        invoice_id, account_id, invoice_month, currency, 'tax total' as step,
        coalesce(exact_tax, 0)::decimal(24, 6) as exact_amount, tax_total as amount
    from invoices join sums using (invoice_id)
    union all by name
    select
        invoice_id, account_id, invoice_month, currency, 'total' as step,
        (coalesce(exact_subtotal, 0) + coalesce(exact_tax, 0))::decimal(24, 6) as exact_amount, total as amount
    from invoices join sums using (invoice_id)
)
select
    invoice_id,
    account_id,
    invoice_month,
    currency,
    list_position(['line', 'subtotal', 'tax', 'tax total', 'total'], step)::bigint    as step_number,
    step,
    line_number,
    category,
    charge_code,
    call_count,
    calls_cost,
    (exact_amount - calls_cost)::decimal(24, 6)                     as calls_difference,
    exact_amount,
    amount,
    (amount - exact_amount)::decimal(24, 6)                         as rounding
from steps
order by invoice_month, account_id, step_number, line_number nulls last;

create view rerun_summary as
select
    runs.run_id                                                              as rerun_id,
    runs.invoice_month,
    disputed_invoice_id,
    account_id,
    sum(difference)::decimal(18, 2)                                          as difference,
    coalesce(sum(difference) filter (where allowed), 0)::decimal(18, 2)      as allowed_difference,
    coalesce(sum(difference) filter (where allowed and taken_by_invoice_id is null), 0)::decimal(18, 2)
                                                                             as waiting_difference,
    string_agg(distinct taken_by_invoice_id, '; ' order by taken_by_invoice_id)    as taken_by_invoice_id
from adjustments
join runs on runs.run_id = adjustments.rerun_id
group by all
order by runs.invoice_month, account_id, rerun_id;
