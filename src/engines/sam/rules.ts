/** The property rules of every SAM resource type. Source: SAM specification, resource and property reference. */
import { rules, type Rules } from '#engines/sam/properties.ts'

export const FUNCTION = 'AWS::Serverless::Function'
export const API = 'AWS::Serverless::Api'
export const HTTP_API = 'AWS::Serverless::HttpApi'
export const WEBSOCKET_API = 'AWS::Serverless::WebSocketApi'
export const SIMPLE_TABLE = 'AWS::Serverless::SimpleTable'
export const APPLICATION = 'AWS::Serverless::Application'
export const LAYER_VERSION = 'AWS::Serverless::LayerVersion'
export const STATE_MACHINE = 'AWS::Serverless::StateMachine'
export const CAPACITY_PROVIDER = 'AWS::Serverless::CapacityProvider'
export const CONNECTOR = 'AWS::Serverless::Connector'
export const GRAPHQL_API = 'AWS::Serverless::GraphQLApi'

/** Set on APIs whose OpenAPI text the transform writes. */
export const MANAGED = '__MANAGE_SWAGGER'

export const RULES: ReadonlyMap<string, Rules> = new Map([
  [
    FUNCTION,
    rules(`FunctionName:str|map Handler Runtime CodeUri ImageUri PackageType InlineCode DeadLetterQueue:map
      Description MemorySize Timeout VpcConfig Role:str AssumeRolePolicyDocument:map
      Policies:str|map|list(str|map) RolePath PermissionsBoundary:str Environment:map(map) Events:map(map) Tags:map
      PropagateTags:bool Tracing:map|str KmsKeyArn DeploymentPreference:map ReservedConcurrentExecutions
      Layers:list(str|map) EventInvokeConfig:map EphemeralStorage AutoPublishAlias:str AutoPublishCodeSha256:str
      AutoPublishAliasAllProperties:bool^ VersionDescription ProvisionedConcurrencyConfig FileSystemConfigs
      ImageConfig CodeSigningConfigArn Architectures SnapStart:map FunctionUrlConfig:map RuntimeManagementConfig
      LoggingConfig RecursiveLoop SourceKMSKeyArn CapacityProviderConfig:map FunctionScalingConfig:map
      VersionDeletionPolicy:str PublishToLatestPublished TenancyConfig DurableConfig:map`),
  ],
  [
    CAPACITY_PROVIDER,
    rules(`CapacityProviderName:str|map^ VpcConfig!:map^ OperatorRole:str|map^ Tags:map^ PropagateTags:bool^
      InstanceRequirements:map^ ScalingConfig:map^ KmsKeyArn:str|map^`),
  ],
  [
    API,
    rules(`${MANAGED}:bool Name:str|map StageName!:str|map Tags:map PropagateTags:bool DefinitionBody:map
      DefinitionUri:str|map MergeDefinitions:bool^ CacheClusterEnabled:bool CacheClusterSize:str Variables:map
      EndpointConfiguration:str|map MethodSettings:list BinaryMediaTypes:list MinimumCompressionSize:int Cors:str|map
      Auth:map GatewayResponses:map AccessLogSetting:map CanarySetting:map TracingEnabled:bool OpenApiVersion:str
      Models:map Domain:map FailOnWarnings:bool Description:str Mode:str DisableExecuteApiEndpoint:bool
      ApiKeySourceType:str AlwaysDeploy:bool^ Policy:str|map SecurityPolicy:str EndpointAccessMode:str`),
  ],
  [
    HTTP_API,
    rules(`${MANAGED}:bool Name StageName:str|map Tags:map PropagateTags:bool DefinitionBody:map DefinitionUri:str|map
      StageVariables:map CorsConfiguration:bool|map AccessLogSettings:map DefaultRouteSettings:map Auth:map
      RouteSettings:map Domain:map FailOnWarnings:bool Description:str DisableExecuteApiEndpoint:bool`),
  ],
  [
    WEBSOCKET_API,
    rules(`ApiKeySelectionExpression:str AccessLogSettings:map Auth:map DefaultRouteSettings:map Description:str
      DisableExecuteApiEndpoint:bool Domain:map DisableSchemaValidation:bool FailOnWarnings:bool IpAddressType:str
      Name:str PropagateTags:bool Routes!:map RouteSettings:map RouteSelectionExpression!:str StageName:str|map
      StageVariables:map Tags:map`),
  ],
  [
    SIMPLE_TABLE,
    rules(`PointInTimeRecoverySpecification PrimaryKey:map(str) ProvisionedThroughput:map(int|map) TableName:str|map
      Tags:map SSESpecification:map`),
  ],
  [
    APPLICATION,
    rules(`Location!:str|map TemplateUrl:str Parameters:map NotificationARNs:list(str|map) Tags:map
      TimeoutInMinutes:int`),
  ],
  [
    LAYER_VERSION,
    rules(`LayerName:str|map Description:str PublishLambdaVersion:bool ContentUri!:str|map
      CompatibleArchitectures:list(str|map) CompatibleRuntimes:list(str|map) LicenseInfo:str RetentionPolicy:str`),
  ],
  [
    STATE_MACHINE,
    rules(`Definition:map DefinitionUri:str|map Logging:map Role:str RolePath DefinitionSubstitutions:map
      Events:map(map) Name:str Type:str Tags:map PropagateTags:bool Policies:str|list(str|map) Tracing:map
      PermissionsBoundary:str AutoPublishAlias DeploymentPreference UseAliasAsEventTarget:bool^`),
  ],
  [CONNECTOR, rules('Source!:map(any) Destination!:map(any)|list(map) Permissions!:list(str)')],
  [
    GRAPHQL_API,
    rules(`Name Tags:map^ XrayEnabled Auth!:map^ SchemaInline:str^ SchemaUri:str^ Logging:map|bool^ DataSources:map^
      Functions:map^ Resolvers:map^ ApiKeys:map^ DomainName:map^ Cache:map^ Visibility OwnerContact
      IntrospectionConfig QueryDepthLimit ResolverCountLimit`),
  ],
])
