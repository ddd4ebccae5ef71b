import type { RuleTable } from '../rule.ts'

const CONVERSE = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html'
const COMMON = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html'
const TROUBLESHOOTING = 'https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html'

/** AWS Bedrock: the exception's name in `x-amzn-errortype`, `__type`, an SDK's `name`, a frame, or its text. */
export const bedrockTable: RuleTable = {
  exact: [
    {
      // Kiro says it with `ThrottlingException` and 400, but it is the model that is full.
      id: 'bedrock.model_capacity',
      reason: 'overloaded',
      when: { codes: ['insufficient_model_capacity'] },
      source: 'https://github.com/hank9999/kiro.rs/issues/67',
    },
    {
      id: 'bedrock.content_length',
      reason: 'context_length',
      when: { codes: ['content_length_exceeds_threshold'] },
      source: 'https://github.com/hank9999/kiro.rs/issues/67',
    },
    {
      id: 'bedrock.payment_instrument',
      reason: 'billing',
      when: { codes: ['invalid_payment_instrument'] },
      source: TROUBLESHOOTING,
    },
    {
      id: 'bedrock.throttling',
      reason: 'rate_limit',
      when: {
        codes: [
          'throttlingexception',
          'throttling',
          'toomanyrequestsexception',
          'servicequotaexceededexception',
          'requestlimitexceeded',
        ],
      },
      source: TROUBLESHOOTING,
    },
    {
      id: 'bedrock.model_not_ready',
      reason: 'overloaded',
      when: { codes: ['modelnotreadyexception', 'serviceunavailableexception'] },
      source: TROUBLESHOOTING,
    },
    { id: 'bedrock.model_timeout', reason: 'timeout', when: { codes: ['modeltimeoutexception'] }, source: CONVERSE },
    {
      id: 'bedrock.unexpected_error',
      reason: 'server_error',
      when: { anyOf: ['encountered an unexpected error during processing'] },
      source: 'https://github.com/aws/aws-sdk-js-v3/issues/6266',
    },
    {
      id: 'bedrock.credentials',
      reason: 'auth',
      when: {
        codes: [
          'expiredtokenexception',
          'expiredtoken',
          'unrecognizedclientexception',
          'invalidsignatureexception',
          'incompletesignature',
          'missingauthenticationtoken',
          'missingauthenticationtokenexception',
          'invalidclienttokenid',
          'signaturedoesnotmatch',
          'nocredentialserror',
          'credentialsprovidererror',
        ],
      },
      source: COMMON,
    },
    { id: 'bedrock.opt_in_required', reason: 'permission', when: { codes: ['optinrequired'] }, source: COMMON },
    {
      id: 'bedrock.country',
      reason: 'permission',
      scope: 'provider',
      nextStep: 'next_provider',
      when: { anyOf: ['not allowed from unsupported countries'] },
      source: 'https://github.com/aws-samples/generative-bi-using-rag/issues/361',
    },
    {
      id: 'bedrock.marketplace',
      reason: 'permission',
      scope: 'target',
      when: { anyOf: ['aws marketplace actions', 'aws-marketplace:', 'model access is denied'] },
      source: 'https://github.com/aws-samples/sample-host-openclaw-on-amazon-bedrock-agentcore/issues/41',
    },
    {
      id: 'bedrock.use_case_form',
      reason: 'permission',
      scope: 'target',
      when: { anyOf: ['use case details have not been submitted'] },
      source: TROUBLESHOOTING,
    },
    {
      id: 'bedrock.bearer_token',
      reason: 'auth',
      when: { anyOf: ['bearer token included in the request is invalid'] },
      source: 'https://github.com/hank9999/kiro.rs/issues/67',
    },
    {
      id: 'bedrock.prompt_characters',
      reason: 'context_length',
      when: { anyOf: ['expected maxlength:'] },
      source: TROUBLESHOOTING,
    },
    {
      id: 'bedrock.not_authorized',
      reason: 'permission',
      when: { anyOf: ['is not authorized to perform: bedrock', 'is not authorized to perform'] },
      source: TROUBLESHOOTING,
    },
    {
      id: 'bedrock.model_identifier',
      reason: 'model_not_found',
      when: {
        anyOf: [
          'model identifier is invalid',
          'reached the end of its life',
          'marked by provider as legacy',
          'on-demand throughput isn',
          'on-demand throughput is not',
          'could not resolve the foundation model',
        ],
      },
      source: TROUBLESHOOTING,
    },
    {
      id: 'bedrock.body_bytes',
      reason: 'context_length',
      when: {
        anyOf: ['member must have length less than or equal to 25000000', 'input is too long for requested model'],
      },
      source: TROUBLESHOOTING,
    },
    {
      id: 'bedrock.signature',
      reason: 'auth',
      when: {
        anyOf: [
          'request signature we calculated does not match',
          'unable to locate credentials',
          'could not load credentials',
          'security token included in the request is',
        ],
      },
      source: COMMON,
    },
    {
      id: 'bedrock.guardrail',
      reason: 'content_policy',
      when: { codes: ['guardrail_intervened', 'content_filtered'] },
      source: CONVERSE,
    },
  ],
  typed: [
    {
      id: 'bedrock.access_denied',
      reason: 'permission',
      when: { codes: ['accessdeniedexception'] },
      source: TROUBLESHOOTING,
    },
    {
      id: 'bedrock.stream_broken',
      reason: 'stream_interrupted',
      when: { codes: ['modelstreamerrorexception'] },
      source: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html',
    },
    {
      id: 'bedrock.resource_not_found',
      reason: 'model_not_found',
      when: { codes: ['resourcenotfoundexception'] },
      source: TROUBLESHOOTING,
    },
  ],
  broad: [
    {
      id: 'bedrock.internal_server',
      reason: 'server_error',
      when: { codes: ['internalserverexception', 'internalfailure', 'internalerror', 'modelerrorexception'] },
      source: TROUBLESHOOTING,
    },
    {
      id: 'bedrock.validation',
      reason: 'invalid_request',
      when: { codes: ['validationexception', 'malformedinputrequest', 'request_body_invalid'] },
      source: TROUBLESHOOTING,
    },
  ],
}
