-- Grain: one row a kind of warning. A warning's detail begins with its count.
select
    kind,
    count(*)::bigint                                                      as warnings,
    count(account_id)::bigint                                             as accounts,
    sum(try_cast(regexp_extract(detail, '^[0-9]+') as bigint))::bigint    as counted
from warnings
where run_id = $run_id
group by kind
order by kind;
