"""Dated list prices of what a clip and a replay use."""

from civicam.contracts.base import Body


class Prices(Body):
    """US dollars, without taxes and free tiers."""

    region_and_month: str
    vcpu_hour: float
    """Fargate, Linux on x86."""
    gb_hour: float
    writes_million: float
    """DynamoDB on demand, standard table: one write of up to 1 KB."""
    s3_puts_thousand: float
    s3_gets_thousand: float
    reads_million: float
    transitions_thousand: float
    """Step Functions, Standard."""
    express_requests_million: float
    express_gb_hour: float
    """Of the first thousand a month."""
    lambda_gb_second: float
    """On x86."""
    lambda_requests_million: float
    api_requests_million: float
    """API Gateway, HTTP API."""
    events_million: float
    """EventBridge, custom events of up to 64 KB."""
    sqs_million: float
    sqs_in_order_million: float
    """Requests to a FIFO queue."""
    glue_requests_million: float
    """The catalogue's."""
    logs_gb: float
    traces_million: float
    gpu_hour: float
    """g4dn.xlarge, Linux, on demand."""
    gpu_spot_hour: float
    """The same as Spot, which changes by the hour: taken as 0.4 of it."""


SINGAPORE = Prices(
    region_and_month="ap-southeast-1, 2026-11",
    vcpu_hour=0.05056,
    gb_hour=0.00553,
    writes_million=0.71,
    s3_puts_thousand=0.005,
    s3_gets_thousand=0.0004,
    reads_million=0.1425,
    transitions_thousand=0.025,
    express_requests_million=1.0,
    express_gb_hour=0.06,
    lambda_gb_second=0.0000166667,
    lambda_requests_million=0.20,
    api_requests_million=1.25,
    events_million=1.0,
    sqs_million=0.40,
    sqs_in_order_million=0.50,
    glue_requests_million=1.0,
    logs_gb=0.70,
    traces_million=5.0,
    gpu_hour=0.736,
    gpu_spot_hour=0.294,
)
LOOKED_UP = "2026-11-24"
SOURCES = {
    "lambda_gb_second": "aws.amazon.com/lambda/pricing: Singapore has the base price; looked up 2026-11",
    "lambda_requests_million": "aws.amazon.com/lambda/pricing: Singapore has the base price; looked up 2026-11",
    "express_requests_million": "aws.amazon.com/step-functions/pricing; looked up 2026-11",
    "express_gb_hour": "aws.amazon.com/step-functions/pricing; looked up 2026-11",
    "transitions_thousand": "aws.amazon.com/step-functions/pricing; looked up 2026-11",
    "s3_puts_thousand": f"c3x.dev/blog/s3-request-fees-explained, us-east-1, {LOOKED_UP}; Singapore's not found",
    "s3_gets_thousand": f"c3x.dev/blog/s3-request-fees-explained, us-east-1, {LOOKED_UP}; Singapore's not found",
    "api_requests_million": "1.00 in us-east-1 (AWS whitepaper on private APIs of API Gateway, "
    f"{LOOKED_UP}); Singapore's from memory",
    "logs_gb": f"0.50 in us-east-1 (factualminds.com on CloudWatch's pricing, {LOOKED_UP}); Singapore's from memory",
    "gpu_spot_hour": "0.4 of the price on demand, assumed",
}
"""Where a price was found, and when."""
NOT_FOUND = f"from memory: no dated source found on {LOOKED_UP}"
"""For whatever SOURCES does not name: AWS's pages show a Region's figures by a script. To be checked on aws.amazon.com
under /fargate, /dynamodb, /s3, /api-gateway, /eventbridge, /sqs, /glue, /cloudwatch, /xray and /ec2, each with
`pricing` behind it, before a decision hangs on them.
"""
