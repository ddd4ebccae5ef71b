import type { FailoverOptions } from '../../src/engine/index.ts'
import type { DialectName } from './answer.ts'

export type SettingName = keyof typeof SETTINGS

interface Setting {
  readonly manager: Pick<FailoverOptions, 'stream' | 'recovery' | 'timeouts'>
  /** Members of every request of a dialect. */
  readonly asks?: Readonly<Record<DialectName, object>>
  /** Is an answer that breaks after its first content continued at all? */
  readonly recovers: boolean
  /** Are tool calls passed piece by piece? */
  readonly passesCalls?: true
  /** Its time is played: nothing waits for a clock on the wall. */
  readonly isPlayed?: true
}

const PLAYED = { recovers: true, isPlayed: true } as const

/** What the manager is set to. A stall needs one whose time is played. */
const SETTINGS = {
  standard: { manager: {}, recovers: true },
  passing: { manager: { stream: { toolCalls: 'pass' } }, recovers: true, passesCalls: true },
  'restarts-only': { manager: { recovery: { midStream: 'restart' } }, recovers: true },
  off: { manager: { recovery: { midStream: 'off' } }, recovers: false },
  structured: {
    manager: {},
    asks: {
      openai: { response_format: { type: 'json_schema', json_schema: { name: 'any', schema: { type: 'object' } } } },
      anthropic: { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
    },
    recovers: false,
  },
  played: { ...PLAYED, manager: { timeouts: { idleMs: 1_000 } } },
  /** Longer than calls are held back before the commit. */
  'played-long': { ...PLAYED, manager: { timeouts: { idleMs: 5_000 } } },
  'played-passing': {
    ...PLAYED,
    manager: { stream: { toolCalls: 'pass' }, timeouts: { idleMs: 1_000 } },
    passesCalls: true,
  },
} as const satisfies Record<string, Setting>

export function settingOf(name: SettingName): Setting {
  return SETTINGS[name]
}
