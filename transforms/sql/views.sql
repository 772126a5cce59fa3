-- Views that analysts begin with. Statements are run in order; each view's comment stands behind it.

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
comment on view revenue_by_category is 'One row an invoice month, currency and category: what was invoiced.';

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
comment on view month_over_month is 'One row an account and invoice month, also the first month without it: its total beside the month before.';

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
comment on view top_destinations is 'One row a usage month, currency, call type and destination: calls and cost, dearest first.';

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
)
select
    dated.*,
    case when own_month < usage_month then 'late' else 'early' end   as arrival,
    runs.invoice_month                                               as issued_invoice_month,
    exists (
        select 1 from source_files as own
        where own.usage_month = dated.own_month and own.sha256 = dated.sha256
    )                                                                as is_read_there
from dated
left join runs on runs.kind = 'bill' and runs.invoice_month = own_month + interval 1 month
order by dated.usage_month, source_file, source_line;
comment on view outside_month_records is 'Records that start in another month than the one they came with: late or early, whether their own month is issued, and whether it read the same file.';

create view late_calls as
select * exclude (sha256, own_month, arrival, is_read_there)
from outside_month_records
where arrival = 'late' and issued_invoice_month is not null and not is_read_there
order by usage_month, source_file, source_line;
comment on view late_calls is 'Records that came with a later month though they start in one that was issued already (rule 12.6), without this file. A rerun brings them to the customer.';

create view rounding_bridge as
select
    invoice_month,
    currency,
    category,
    sum(exact_amount)::decimal(24, 6)                     as exact_amount,
    sum(amount)::decimal(18, 2)                           as amount,
    (sum(amount) - sum(exact_amount))::decimal(24, 6)     as rounding
from invoice_line_items
join invoices using (invoice_id, account_id, invoice_month)
group by all
order by invoice_month, currency, category;
comment on view rounding_bridge is 'One row an invoice month, currency and category: exact amounts, amounts as invoiced, and the rounding between them.';

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
comment on view rerun_summary is 'One row a rerun and account that it differs for: the difference above tax, what of it is allowed, and what no invoice has taken yet (rule 12).';
