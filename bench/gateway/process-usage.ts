import { readdirSync, readFileSync } from 'node:fs'

/** Read from outside, as what is measured is a program like any other; only Linux tells it this way. */
export const CAN_READ_USAGE = process.platform === 'linux'

/** /proc counts CPU time in these, whatever the kernel's own tick is (proc_pid_stat(5), USER_HZ). */
const TICKS_PER_SECOND = 100

/** CPU time used up to now by all of them, user and system. */
export function cpuSeconds(pids: readonly number[]): number | undefined {
  if (!CAN_READ_USAGE) return undefined
  let ticks = 0
  for (const pid of pids) {
    const fields = statFields(pid)
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks / TICKS_PER_SECOND
}

/**
 * Time for which the first thread of each was ready to run and another process had its CPU: by that one sees how much a
 * run was disturbed.
 */
export function waitedSeconds(pids: readonly number[]): number | undefined {
  let nanoseconds = 0
  for (const pid of pids) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1])
    } catch {
      // Not every kernel tells it.
      return undefined
    }
  }
  return nanoseconds / 1_000_000_000
}

/** The most memory each has held, added up. */
export function peakRssMb(pids: readonly number[]): number | undefined {
  if (!CAN_READ_USAGE) return undefined
  let kilobytes = 0
  for (const pid of pids) {
    kilobytes += Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
  }
  return kilobytes / 1_024
}

/** The process and those it started: a program that hands its work to others is not cheaper for it. */
export function withDescendants(pid: number): number[] {
  if (!CAN_READ_USAGE) return [pid]
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      parents.set(Number(name), Number(statFields(Number(name))[1]))
    } catch {
      // It ended while the list was read.
    }
  }
  const found = [pid]
  for (const ancestor of found) for (const [child, parent] of parents) if (parent === ancestor) found.push(child)
  return found
}

/** The fields of /proc/PID/stat after the name, which may hold spaces and brackets: state, parent, … */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
