-- The calls of one bucket (whole accounts) rated again by SQL alone. As published are only the calls themselves and
-- their kind; the price, the seconds, the pool and the cost are found anew.
create or replace temp table rated as
with
calls as (
    select
        row_number() over () as call,
        published.*,
        if(published.call_type in ('included', 'overage'), 'plan', published.call_type) as kind,
        case when published.call_type = 'toll_free' then published.source_number
             else published.destination_number end as number,
        terms.country, terms.currency, terms.plan_id
    from read_parquet($bucket) as published join terms using (account_id)
),
-- Every beginning of a number that may be a prefix. Materialized: joined with the prices as it stands, DuckDB pairs
-- each call with each price of its kind and currency, and then compares.
asked as materialized (
    select
        calls.call, calls.kind, calls.country, calls.currency, calls.plan_id, calls.start_time, prefix_lengths.digits,
        if(calls.number like '+%', substr(calls.number, 2, prefix_lengths.digits), '') as prefix
    from calls join prefix_lengths on prefix_lengths.kind = calls.kind
    where calls.kind <> 'plan'
),
-- The longest prefix in force; at equal length a plan's own row wins (rules 5.2, 6.1).
prefix_prices as (
    select
        asked.call, prices.rate_per_minute, prices.connection_fee, prices.minimum_seconds, prices.increment_seconds,
        prices.rounding
    from asked
    join prices on prices.kind = asked.kind
        and prices.currency = asked.currency
        and prices.prefix = asked.prefix
        and prices.country in ('', asked.country)
        and prices.plan_id in ('*', asked.plan_id)
        and coalesce(prices.effective_from <= asked.start_time, true)
        and coalesce(prices.effective_to > asked.start_time, true)
    where length(asked.prefix) = asked.digits
    qualify row_number() over (
        partition by asked.call order by asked.digits desc, prices.plan_id = '*'
    ) = 1
),
plan_prices as (
    select
        calls.call, plans.overage_rate as rate_per_minute, 0::decimal(18, 6) as connection_fee,
        plans.minimum_seconds, plans.increment_seconds, plans.rounding
    from calls
    join plans on plans.plan_id = calls.plan_id
        and coalesce(plans.effective_from <= calls.start_time, true)
        and coalesce(plans.effective_to > calls.start_time, true)
    where calls.kind = 'plan'
),
seconds as (
    select
        calls.*,
        (coalesce(found.rate_per_minute, 0)::decimal(38, 6) * 1000000)::hugeint as rate_micros,
        (found.connection_fee::decimal(38, 6) * 1000000)::hugeint as fee_micros,
        case
            when found.rounding = 'nearest' then greatest(
                found.minimum_seconds,
                (2 * calls.duration_seconds + found.increment_seconds) // (2 * found.increment_seconds)
                    * found.increment_seconds
            )
            when calls.duration_seconds = 0 then 0
            else found.minimum_seconds
                + (greatest(calls.duration_seconds - found.minimum_seconds, 0) + found.increment_seconds - 1)
                    // found.increment_seconds * found.increment_seconds
        end as billable
    from calls
    left join (select * from prefix_prices union all select * from plan_prices) as found using (call)
),
-- Each call takes what the ones before it left in the pool (rule 7.2).
pooled as (
    select
        seconds.*,
        case
            when kind <> 'plan' then 0
            when pools.pool_seconds is null then billable
            else least(billable, greatest(0, pools.pool_seconds - (
                sum(if(kind = 'plan', billable, 0)) over (
                    partition by account_id order by start_time, call_id, source
                    rows between unbounded preceding and current row
                ) - billable
            )))
        end::hugeint as included
    from seconds left join pools using (account_id)
)
select
    account_id,
    call_type,
    billable_seconds,
    included_seconds,
    (cost::decimal(38, 6) * 1000000)::hugeint as published_cost_micros,
    case when kind <> 'plan' then kind when billable > included then 'overage' else 'included' end as new_call_type,
    billable,
    included,
    fee_micros + (2 * rate_micros * (billable - included) + 60) // 120 as cost_micros
from pooled;

insert into judged
select count(*), count(*) filter (
    where (call_type, billable_seconds, included_seconds, published_cost_micros)
        is distinct from (new_call_type, billable, included, cost_micros)
)
from rated;

insert into totals
select account_id, new_call_type, count(*), sum(billable - included), sum(cost_micros)
from rated where new_call_type <> 'included' group by all
union all
select account_id, 'included_minutes', count(*), sum(included), 0
from rated where new_call_type in ('included', 'overage') group by all;
