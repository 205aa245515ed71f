-- Snowflake's way into the bucket. Created once and altered from then on: a new integration has a new external id,
-- which the trust policy in AWS does not know, and every stage that used the old one is cut off.
use role accountadmin;

create storage integration if not exists <% database %>_s3
type = external_stage
storage_provider = 's3'
storage_aws_role_arn = 'arn:aws:iam::<% aws_account_id %>:role/<% database_lower %>-snowflake'
enabled = true
storage_allowed_locations = ('s3://<% bucket %>/<% prefix %>')
comment = 'Reads raw objects and manifests; writes nothing';

alter storage integration <% database %>_s3 set
storage_aws_role_arn = 'arn:aws:iam::<% aws_account_id %>:role/<% database_lower %>-snowflake'
storage_allowed_locations = ('s3://<% bucket %>/<% prefix %>');

grant usage on integration <% database %>_s3 to role <% database %>_deployer;
