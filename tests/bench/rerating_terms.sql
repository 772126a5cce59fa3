-- What DuckDB needs beside a published run's calls to rate them again, from the run's copy of the contracts and
-- the rate tables in `tollbook.duckdb` alone. Nothing that the run computed is read.

-- Grain: one row an account: its plan in the usage month (rule 4.4), its days in service (rules 2.1, 2.3).
create temp table terms as
with
changes as (
    select account_id, plan_id, effective_from::date as plan_from from account_plans_csv
    union all
    select account_id, plan_id, date '0001-01-01' from accounts_csv
),
plan_of as (
    select account_id, arg_max(plan_id, plan_from) as plan_id
    from changes where plan_from <= $usage_month group by account_id
)
select
    accounts.account_id,
    accounts.country,
    plan_of.plan_id,
    (select any_value(plans.currency) from plans where plans.plan_id = plan_of.plan_id) as currency,
    coalesce(
        try_cast(nullif(accounts.billing_start, '') as date),
        (try_cast(nullif(accounts.service_start, '') as date)
            + to_months(coalesce(nullif(accounts.free_months, ''), '0')::integer))::date
    ) as billing_start,
    last_day_of_service(try_cast(nullif(accounts.cancel_requested_on, '') as date)) as last_day
from accounts_csv as accounts join plan_of using (account_id);

-- Grain: one row an account: units of service charges in service on a day of the usage month (rule 7.1).
create temp table device_counts as
select items.account_id, sum(items.quantity::bigint)::bigint as devices
from account_items_csv as items
join terms using (account_id)
where items.charge_code in (select charge_code from charges where category = 'service_charge')
    and greatest(items.start_date::date, terms.billing_start) < $usage_month + interval 1 month
    and coalesce(
        least(last_day_of_service(try_cast(nullif(items.cancel_requested_on, '') as date)), terms.last_day),
        $usage_month
    ) >= $usage_month
group by items.account_id;

-- Grain: one row an account: seconds in its pool; NULL = unlimited (rule 7.1).
create temp table pools as
select
    terms.account_id,
    case
        when plans.included_minutes is null then null
        when plans.included_per = 'device'
            then plans.included_minutes * 60 * coalesce(device_counts.devices, 0)
        else plans.included_minutes * 60
    end as pool_seconds
from terms
join plans on plans.plan_id = terms.plan_id
    and coalesce(plans.effective_from <= greatest(terms.billing_start, $usage_month), true)
    and coalesce(plans.effective_to > greatest(terms.billing_start, $usage_month), true)
left join device_counts using (account_id);

-- Grain: one row a dated price of the three tables with prefixes. An empty prefix holds every number.
create temp table prices as
select 'international' as kind, '' as country, currency, '*' as plan_id, prefix, effective_from, effective_to,
    rate_per_minute, connection_fee, minimum_seconds, increment_seconds, rounding
from rates
union all by name
select 'domestic_premium' as kind, country, currency, plan_id, prefix, effective_from, effective_to,
    rate_per_minute, connection_fee, minimum_seconds, increment_seconds, rounding
from premium_prefixes
union all by name
select 'toll_free' as kind, country, currency, '*' as plan_id, coalesce(origin_prefix, '') as prefix, effective_from,
    effective_to, rate_per_minute, connection_fee, minimum_seconds, increment_seconds, rounding
from toll_free_rates;

create temp table prefix_lengths as select distinct kind, length(prefix) as digits from prices;

-- Grain: one row an account and category of usage; filled bucket by bucket.
create temp table totals (
    account_id varchar, category varchar, calls hugeint, charged_seconds hugeint, cost_micros hugeint
);
-- Grain: one row a bucket: calls, and how many of them differ from what was published.
create temp table judged (calls bigint, differing bigint);
