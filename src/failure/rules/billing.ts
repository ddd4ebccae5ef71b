import type { Rule } from '../rule.ts'

/**
 * Money, in the words of any provider. They override status and type, which say `rate_limit_error`, 403, 400 or even
 * 500 for it. The bare word "billing" never decides: Groq and Together put a link to their billing page into plain rate
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
    id: 'billing.words',
    reason: 'billing',
    when: {
      anyOf: [
        'insufficient balance',
        'insufficient_balance',
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
        'overdue',
        'arrearage',
        'top up your',
        'top up and',
        'please top up',
        'monthly included credits',
        'free quota has been exhausted',
        'limit for this billing cycle',
        '余额不足',
        '欠费',
        '充值',
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
      statesWait: false,
      anyOf: ['exceeded your current quota'],
      noneOf: ['quota exceeded for metric', 'per minute', 'per day'],
    },
    source: 'https://platform.openai.com/docs/guides/error-codes',
  },
]
