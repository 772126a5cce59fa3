-- What finance asks of the months together. Statements are run in order; what views and columns mean stands in
-- schemas/warehouse_views.py. No quotient is a DOUBLE: money is divided as whole micros or cents, half up.

create view revenue_month_over_month as
with issued as (
    select distinct invoice_month from invoices
),
pairs as (
    select invoice_month, currency, category from revenue_by_category
    union
    select issued.invoice_month, currency, category
    from revenue_by_category as before
    join issued on issued.invoice_month = before.invoice_month + interval 1 month
),
compared as (
    select
        pairs.invoice_month,
        pairs.currency,
        pairs.category,
        before.amount                                                                     as previous_amount,
        now_month.amount                                                                  as amount,
        (coalesce(now_month.amount, 0) - coalesce(before.amount, 0))::decimal(18, 2)      as difference
    from pairs
    left join revenue_by_category as now_month using (invoice_month, currency, category)
    left join revenue_by_category as before
        on before.invoice_month = pairs.invoice_month - interval 1 month
        and before.currency = pairs.currency and before.category = pairs.category
)
select
    *,
    case
        when previous_amount > 0 then sign(difference)
            * ((2000 * (abs(difference) * 100)::hugeint + (previous_amount * 100)::hugeint)
                // (2 * (previous_amount * 100)::hugeint))::decimal(17, 0) * 0.1::decimal(2, 1)
    end::decimal(18, 1)                                                                   as change_percent
from compared
order by invoice_month, currency, category;

create view usage_by_day as
select
    billed_calls.usage_month,
    (start_time at time zone 'UTC')::date         as day,
    currency,
    call_type,
    count(*)::bigint                              as call_count,
    sum(duration_seconds)::bigint                 as duration_seconds,
    sum(billable_seconds)::bigint                 as billable_seconds,
    sum(cost)::decimal(24, 6)                     as cost
from billed_calls
left join invoices on invoices.account_id = billed_calls.account_id
    and invoices.invoice_month = billed_calls.usage_month + interval 1 month
group by all
order by billed_calls.usage_month, day, currency, call_type;

-- Grain: one row a pool. Value: seconds × overage price ÷ 60, half up to 6 decimals.
create view plan_pool_use as
with used as (
    select
        usage_month,
        account_id,
        count(*)::bigint                                          as call_count,
        sum(included_seconds)::bigint                             as used_seconds,
        sum(billable_seconds - included_seconds)::bigint          as overage_seconds,
        sum(cost)::decimal(24, 6)                                 as overage_cost
    from billed_calls
    where call_type in ('included', 'overage')
    group by all
),
pools as (
    select
        plan_pools.* exclude (run_id),
        coalesce(call_count, 0)                                   as call_count,
        coalesce(used_seconds, 0)                                 as used_seconds,
        pool_seconds - coalesce(used_seconds, 0)                  as unused_seconds,
        coalesce(overage_seconds, 0)                              as overage_seconds,
        coalesce(overage_cost, 0)::decimal(24, 6)                 as overage_cost,
        (overage_rate * 1000000)::hugeint                         as rate_micros
    from plan_pools
    left join used using (usage_month, account_id)
)
select
    usage_month,
    account_id,
    plan_id,
    currency,
    call_count,
    pool_seconds,
    used_seconds,
    unused_seconds,
    overage_seconds,
    (((pool_seconds::hugeint * 10000 + 30) // 60)::decimal(18, 0) * 0.0001::decimal(5, 4))::decimal(18, 4)
                                                                  as pool_minutes,
    (((used_seconds::hugeint * 10000 + 30) // 60)::decimal(18, 0) * 0.0001::decimal(5, 4))::decimal(18, 4)
                                                                  as used_minutes,
    (((unused_seconds::hugeint * 10000 + 30) // 60)::decimal(18, 0) * 0.0001::decimal(5, 4))::decimal(18, 4)
                                                                  as unused_minutes,
    (((overage_seconds::hugeint * 10000 + 30) // 60)::decimal(18, 0) * 0.0001::decimal(5, 4))::decimal(18, 4)
                                                                  as overage_minutes,
    case
        when pool_seconds > 0 then ((2000 * used_seconds::hugeint + pool_seconds) // (2 * pool_seconds::hugeint))::decimal(17, 0)
            * 0.1::decimal(2, 1)
    end::decimal(18, 1)                                           as used_percent,
    (((2 * used_seconds * rate_micros + 60) // 120)::decimal(31, 0) * 0.000001::decimal(7, 6))::decimal(24, 6)
                                                                  as used_value,
    (((2 * unused_seconds * rate_micros + 60) // 120)::decimal(31, 0) * 0.000001::decimal(7, 6))::decimal(24, 6)
                                                                  as unused_value,
    overage_cost
from pools
order by usage_month, account_id;

-- Grain: plan and month. What the plan's devices were charged for the month stands on the invoice of that month (in
-- advance) and, prorated, on the one after it: so lines are taken by their period.
create view plan_margin as
with charged as (
    select plan_pools.usage_month, plan_pools.account_id, sum(line.amount)::decimal(18, 2) as service_amount
    from plan_pools
    join invoice_line_items as line
        on line.account_id = plan_pools.account_id
        and line.period_start >= plan_pools.usage_month
        and line.period_start < plan_pools.usage_month + interval 1 month
    where line.base_category = 'service_charge' and line.category <> 'adjustments'
    group by all
),
issued as (
    select distinct invoice_month from invoices
),
summed as (
    select
        use.usage_month,
        use.plan_id,
        use.currency,
        count(*)::bigint                                          as account_count,
        sum(use.pool_seconds)::bigint                             as pool_seconds,
        sum(use.used_seconds)::bigint                             as used_seconds,
        sum(use.unused_seconds)::bigint                           as unused_seconds,
        sum(use.overage_seconds)::bigint                          as overage_seconds,
        sum(use.used_value)::decimal(24, 6)                       as used_value,
        sum(use.unused_value)::decimal(24, 6)                     as unused_value,
        sum(use.overage_cost)::decimal(24, 6)                     as overage_cost,
        case when any_value(issued.invoice_month) is not null then coalesce(sum(charged.service_amount), 0) end
                                                                  as service_amount
    from plan_pool_use as use
    left join charged using (usage_month, account_id)
    left join issued on issued.invoice_month = use.usage_month
    group by use.usage_month, use.plan_id, use.currency
)
select
    * exclude (service_amount),
    service_amount::decimal(18, 2)                                as service_amount,
    (service_amount - used_value)::decimal(24, 6)                 as margin
from summed
order by usage_month, plan_id, currency;

create view tax_by_jurisdiction as
with charged as (
    select invoice_id, charge_code as tax, amount from invoice_line_items where category = 'tax'
),
in_force as (
    select invoices.invoice_id, taxes.tax, taxes.percent
    from invoices
    join taxes on taxes.rate_version = invoices.rate_version and taxes.country = invoices.country
        and (taxes.region = '*' or taxes.region = invoices.region)
        and (effective_from is null or effective_from <= issue_date::timestamp at time zone 'UTC')
        and (effective_to is null or effective_to > issue_date::timestamp at time zone 'UTC')
    qualify row_number() over (partition by invoices.invoice_id, taxes.tax order by taxes.region = '*') = 1
)
select
    invoice_month,
    country,
    region,
    currency,
    tax,
    percent,
    tax_exempt,
    count(*)::bigint                              as invoice_count,
    sum(subtotal)::decimal(18, 2)                 as subtotal,
    coalesce(sum(amount), 0)::decimal(18, 2)      as tax_amount
from invoices
left join charged using (invoice_id)
left join in_force using (invoice_id, tax)
group by all
order by invoice_month, country, region nulls last, currency, tax nulls last, tax_exempt;

-- Grain: one row a line that the universal service fee may be based on (rule 8.2).
create view usf_base_lines as
select
    line.invoice_id,
    line.account_id,
    line.invoice_month,
    factors.quarter,
    invoices.country,
    invoices.currency,
    line.line_number,
    line.base_category,
    line.amount,
    coalesce(shares.interstate_share_percent, 0)::decimal(18, 6)      as interstate_share_percent,
    (line.amount::decimal(16, 2) * coalesce(shares.interstate_share_percent, 0)::decimal(9, 6) * 0.01::decimal(3, 2))
        ::decimal(28, 10)                                             as base_amount
from invoices
join usf_factors as factors
    on factors.rate_version = invoices.rate_version and factors.country = invoices.country
    and factors.quarter = year(invoices.invoice_month) || 'Q' || quarter(invoices.invoice_month)
join invoice_line_items as line using (invoice_id)
left join usf_shares as shares
    on shares.rate_version = invoices.rate_version and shares.country = invoices.country
    and shares.category = line.base_category
    and (shares.effective_from is null or shares.effective_from <= invoices.issue_date::timestamp at time zone 'UTC')
    and (shares.effective_to is null or shares.effective_to > invoices.issue_date::timestamp at time zone 'UTC')
where line.category not in ('adjustments', 'usf', 'tax')
order by line.invoice_month, line.account_id, line.line_number;

create view usf_by_invoice as
with based as (
    select invoice_id, quarter, country, sum(base_amount)::decimal(28, 10) as base_amount
    from usf_base_lines group by all
),
charged as (
    select invoice_id, sum(amount)::decimal(18, 2) as amount
    from invoice_line_items where category = 'usf' group by all
)
select
    invoices.invoice_id,
    invoices.account_id,
    invoices.invoice_month,
    based.quarter,
    invoices.country,
    invoices.currency,
    factors.factor_percent,
    based.base_amount,
    (greatest(based.base_amount, 0)::decimal(28, 10) * (factors.factor_percent * 0.01::decimal(3, 2))::decimal(10, 8))
        ::decimal(24, 6)                               as exact_amount,
    coalesce(charged.amount, 0)::decimal(18, 2)        as amount
from based
join invoices using (invoice_id)
join usf_factors as factors on factors.rate_version = invoices.rate_version
    and factors.country = based.country and factors.quarter = based.quarter
left join charged using (invoice_id)
order by invoices.invoice_month, invoices.account_id;

create view usf_by_quarter as
select
    quarter,
    country,
    currency,
    factor_percent,
    count(*)::bigint                                   as invoice_count,
    sum(base_amount)::decimal(28, 10)                  as base_amount,
    sum(exact_amount)::decimal(24, 6)                  as exact_amount,
    sum(amount)::decimal(18, 2)                        as amount,
    (sum(amount) - sum(exact_amount))::decimal(24, 6)  as rounding
from usf_by_invoice
group by all
order by quarter, country, currency, factor_percent;

create view adjustments_by_cause as
select
    runs.invoice_month,
    invoices.currency,
    adjustments.base_category,
    adjustments.cause,
    count(distinct adjustments.account_id)::bigint                                               as account_count,
    sum(difference)::decimal(18, 2)                                                              as difference,
    coalesce(sum(difference) filter (where allowed), 0)::decimal(18, 2)                          as allowed_difference,
    coalesce(sum(difference) filter (where allowed and taken_by_invoice_id is not null), 0)::decimal(18, 2)
                                                                                                 as taken_difference,
    coalesce(sum(difference) filter (where allowed and taken_by_invoice_id is null), 0)::decimal(18, 2)
                                                                                                 as waiting_difference
from adjustments
join runs on runs.run_id = adjustments.rerun_id
left join invoices on invoices.invoice_id = adjustments.disputed_invoice_id
group by all
order by runs.invoice_month, currency, base_category, cause;

-- What waits in suspended calls is not known until a rate covers them: it is estimated at the mean price of the
-- month's billed calls of the type, in whole micros, half up.
create view suspended_value as
with released as (
    select
        runs.invoice_month,
        account_id,
        source,
        call_id,
        arg_max(corrected_value, (started_at, rerun_id)) filter (where "column" = 'cost')::decimal(18, 6) as cost
    from rerun_call_differences
    join runs on runs.run_id = rerun_call_differences.rerun_id
    where cause = 'released'
    group by all
),
prices as (
    select
        usage_month,
        currency,
        call_type,
        (sum(cost) * 1000000)::hugeint                       as cost_micros,
        sum(billable_seconds - included_seconds)::hugeint    as charged_seconds
    from billed_calls
    join invoices on invoices.account_id = billed_calls.account_id
        and invoices.invoice_month = billed_calls.usage_month + interval 1 month
    where call_type <> 'included'
    group by all
    having charged_seconds > 0
),
suspended as (
    select
        suspended_calls.usage_month,
        coalesce(invoices.currency, plan_pools.currency)                                    as currency,
        suspended_calls.reason,
        suspended_calls.call_type,
        count(*)::bigint                                                                    as call_count,
        sum(suspended_calls.duration_seconds)::bigint                                       as duration_seconds,
        count(released.call_id)::bigint                                                     as released_count,
        coalesce(sum(released.cost), 0)::decimal(24, 6)                                     as released_cost,
        count(*) filter (where released.call_id is null)::bigint                            as waiting_count,
        coalesce(sum(suspended_calls.duration_seconds) filter (where released.call_id is null), 0)::bigint
                                                                                            as waiting_seconds
    from suspended_calls
    left join invoices on invoices.account_id = suspended_calls.account_id
        and invoices.invoice_month = suspended_calls.usage_month + interval 1 month
    left join plan_pools on plan_pools.account_id = suspended_calls.account_id
        and plan_pools.usage_month = suspended_calls.usage_month
    left join released on released.invoice_month = suspended_calls.usage_month + interval 1 month
        and released.account_id = suspended_calls.account_id
        and released.source = suspended_calls.source and released.call_id = suspended_calls.call_id
    group by all
)
select
    suspended.*,
    (((120 * cost_micros + charged_seconds) // (2 * charged_seconds))::decimal(18, 0) * 0.000001::decimal(7, 6))
        ::decimal(18, 6)                                                                    as mean_rate_per_minute,
    (((2 * waiting_seconds * cost_micros + charged_seconds) // (2 * charged_seconds))::decimal(31, 0)
        * 0.000001::decimal(7, 6))::decimal(24, 6)                                          as estimated_value
from suspended
left join prices on prices.usage_month = suspended.usage_month and prices.currency = suspended.currency
    and prices.call_type = coalesce(suspended.call_type, 'international')
order by suspended.usage_month, suspended.currency, suspended.reason, suspended.call_type nulls last;
