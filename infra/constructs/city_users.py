"""The people of the city: a Cognito pool that administrators fill; roles are groups, units and owners are claims."""

from aws_cdk import Duration
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from civicam.operations.policy import Role
from infra.constructs.city_function import CityFunction
from infra.constructs.city_stack import CityStack, camel
from infra.constructs.worker import accept


class CityUsers(Construct):
    """UserPoolId and UserPoolClientId among the outputs."""

    def __init__(self, stack: CityStack, *, claims: CityFunction) -> None:
        super().__init__(stack, "Users")
        settings = stack.settings
        self.pool = cognito.UserPool(
            self,
            "Pool",
            user_pool_name=stack.called("people"),
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(username=True, email=True),
            custom_attributes={
                name: cognito.StringAttribute(mutable=True, max_len=2048) for name in ("units", "owners")
            },
            password_policy=cognito.PasswordPolicy(
                min_length=12, require_digits=True, require_lowercase=True, require_symbols=True, require_uppercase=True
            ),
            mfa=cognito.Mfa.REQUIRED if settings.mfa else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            deletion_protection=settings.protect,
            removal_policy=stack.removal_policy,
        )
        self.pool.add_trigger(
            cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, claims.function, cognito.LambdaVersion.V2_0
        )
        for role in Role:
            self.pool.add_group(f"Group{camel(role)}", group_name=str(role))
        self.client = self._client()
        accept(
            self.pool,
            "AwsSolutions-COG8",
            "threat protection is the Plus plan's, at a price per user; nobody can sign up here",
        )
        stack.publish("USER_POOL_ID", self.pool.user_pool_id)
        stack.publish("USER_POOL_CLIENT_ID", self.client.user_pool_client_id)

    def _client(self) -> cognito.UserPoolClient:
        """Signs people in by SRP (administrators, with IAM rights, by password); may write nobody's units or owners."""
        return self.pool.add_client(
            "Client",
            auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=True),
            disable_o_auth=True,
            prevent_user_existence_errors=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.hours(12),
            enable_token_revocation=True,
            write_attributes=cognito.ClientAttributes().with_standard_attributes(email=True),
        )
