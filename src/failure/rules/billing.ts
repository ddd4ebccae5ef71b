import { REQUEST_STATUSES, type Rule } from '../rule.ts'

/** The statuses with which words about money are the provider's own, wherever they stand. */
const WORDS_COUNT = [401, 402, 403, 412, 429, 500, 502, 503]

/**
 * Money, in the words of any provider. They override status and type, which say `rate_limit_error`, 403, 400 or even
 * 500 for it; on 400 only as a sentence that the answer begins with. The bare word "billing" never decides: Groq and Together put a link to their billing page into plain rate
 * limits, and Gemini's per-minute limits say "check your plan and billing details".
 */
export const billingRules: readonly Rule[] = [
  {
    // What is free again in a while is a window, not a debt.
    id: 'billing.refresh_window',
    reason: 'rate_limit',
    scope: 'profile',
    when: { status: [402], statesWait: true },
    source: 'provider-documentation',
  },
  {
    id: 'billing.codes',
    reason: 'billing',
    when: {
      codes: [
        'insufficient_balance',
        'insufficient_balance_error',
        'insufficient_credits',
        'insufficient_funds',
        'insufficient_user_quota',
        'arrearage',
        'accountoverdueerror',
      ],
    },
    source: 'provider-documentation',
  },
  {
    // Where the request's own text may stand in the answer, only a provider's whole sentence counts.
    id: 'billing.sentence',
    reason: 'billing',
    when: {
      status: REQUEST_STATUSES,
      begins: [
        'your credit balance is too low',
        'insufficient balance',
        'insufficient account balance',
        'insufficient credit',
        'insufficient fund',
        'not enough credits',
        'your account balance is insufficient',
        'your paid balance is insufficient',
        'you have insufficient ',
        'you have run out of credits',
        'you exceeded your current quota',
        'your account is not active, please check your billing',
        'billing hard limit has been reached',
        'payment required',
        'user quota is not enough',
        'the free quota has been exhausted',
        'your account has an overdue balance',
        '余额不足',
        '账户余额不足',
        '账户已欠费',
        '您的账户已欠费',
      ],
    },
    source: 'provider-documentation',
  },
  {
    id: 'billing.words',
    reason: 'billing',
    when: {
      status: WORDS_COUNT,
      anyOf: [
        'insufficient balance',
        'insufficient account balance',
        'insufficient credit',
        'insufficient fund',
        'balance is insufficient',
        'balance is too low',
        'not enough credit',
        'out of credits',
        'exhausted balance',
        'negative balance',
        'credit limit exceeded',
        'quota is not enough',
        'billing hard limit',
        'check your billing details',
        'spending limit',
        'spend limit',
        'payment required',
        'failure to pay',
        'past invoices',
        'overdue balance',
        'overdue payment',
        'account is overdue',
        'account is in arrears',
        'please top up',
        'top up your account',
        'top up your balance',
        'monthly included credits',
        'free quota has been exhausted',
        'limit for this billing cycle',
        '余额不足',
        '欠费',
        '请充值',
      ],
      // Gemini: "check your plan and billing details" in limits that refill by the minute.
      noneOf: ['check your plan and billing'],
    },
    source: 'provider-documentation',
  },
  {
    // OpenAI's wording for an empty account, and Gemini's for any limit: there a wait or the metric stands beside it.
    id: 'billing.current_quota',
    reason: 'billing',
    when: {
      status: WORDS_COUNT,
      statesWait: false,
      anyOf: ['exceeded your current quota'],
      noneOf: ['quota exceeded for metric', 'per minute', 'per day'],
    },
    source: 'https://platform.openai.com/docs/guides/error-codes',
  },
]
