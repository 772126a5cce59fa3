-- Grain: one row an anomaly of the run.
select * from anomalies where run_id = $run_id order by all;
