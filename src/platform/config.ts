/**
 * The platform's settings, read once from flags and environment into one frozen record. Each entry has its flag, its
 * variable, its default and a sentence; `windtunnel up --help` is printed from this table.
 */
import type { Ms } from '#base/time.ts'
import type { LogLevel } from '#host/log.ts'

export interface PlatformSettings {
  /** TCP port; 0 takes a free one. */
  readonly port: number
  /** Listening address; loopback unless the user says otherwise. */
  readonly address: string
  /** Where everything durable lies; undefined keeps all in memory. */
  readonly dataFolder: string | undefined
  /** Node binaries, SDKs: shared by all platforms of this user. */
  readonly cacheFolder: string
  readonly virtualTime: boolean
  /** Makes ids and unordered choices repeatable. */
  readonly seed: number | undefined
  readonly strictRuntimes: boolean
  /** Signatures are verified and IAM policies decide. */
  readonly enforceIam: boolean
  readonly logLevel: LogLevel
  /** Concurrent executions of one account and region. Source: Lambda quotas, 1,000 by default. */
  readonly accountConcurrency: number
  /** How long an idle environment is kept. Undocumented by AWS; 5 to 15 minutes are observed (inferred). */
  readonly environmentIdleMs: Ms
  /** How old an environment may become. Undocumented by AWS; about 2 hours are observed (inferred). */
  readonly environmentAgeMs: Ms
  /** Hosts beside loopback names that requests may carry. */
  readonly allowedHosts: readonly string[]
  /** Origins of pages that may call, beside pages on loopback names. */
  readonly allowedOrigins: readonly string[]
}

interface Setting {
  readonly flag: string
  readonly variable: string
  readonly fallback: string
  readonly sentence: string
}

/** The table behind `--help` and the settings page. */
export const SETTINGS = {
  port: {
    flag: '--port N',
    variable: 'WINDTUNNEL_PORT',
    fallback: '4566',
    sentence: 'Port of the AWS APIs and the console; 0 takes a free one.',
  },
  address: {
    flag: '--address IP',
    variable: 'WINDTUNNEL_ADDRESS',
    fallback: '127.0.0.1',
    sentence: 'Address to listen on. Anything but loopback lets your network run code here.',
  },
  data: {
    flag: '--data DIR',
    variable: 'WINDTUNNEL_DATA',
    fallback: '.windtunnel',
    sentence: 'Folder for everything durable.',
  },
  memory: {
    flag: '--memory',
    variable: 'WINDTUNNEL_MEMORY',
    fallback: '',
    sentence: 'Keep everything in memory; nothing survives the end.',
  },
  cache: {
    flag: '--cache DIR',
    variable: 'WINDTUNNEL_CACHE',
    fallback: '~/.cache/windtunnel',
    sentence: 'Folder for fetched runtimes and SDKs, shared by all platforms.',
  },
  virtualTime: {
    flag: '--virtual-time',
    variable: 'WINDTUNNEL_VIRTUAL_TIME',
    fallback: '',
    sentence: 'Let `windtunnel clock` move stamps and waits.',
  },
  seed: {
    flag: '--seed N',
    variable: 'WINDTUNNEL_SEED',
    fallback: '',
    sentence: 'Seed of every id and unordered choice.',
  },
  strictRuntimes: {
    flag: '--strict-runtimes',
    variable: 'WINDTUNNEL_STRICT_RUNTIMES',
    fallback: '',
    sentence: 'Refuse a runtime version that is not on this machine instead of running the nearest.',
  },
  enforceIam: {
    flag: '--enforce-iam',
    variable: 'WINDTUNNEL_ENFORCE_IAM',
    fallback: '',
    sentence: 'Verify signatures and let IAM policies decide; `test`/`test` is the root of the account.',
  },
  logLevel: {
    flag: '--log-level LEVEL',
    variable: 'WINDTUNNEL_LOG_LEVEL',
    fallback: 'warn',
    sentence: 'Least level of the platform log on stderr: debug, info, warn or error.',
  },
  accountConcurrency: {
    flag: '--account-concurrency N',
    variable: 'WINDTUNNEL_ACCOUNT_CONCURRENCY',
    fallback: '1000',
    sentence: 'Concurrent executions of one account and region.',
  },
  environmentIdle: {
    flag: '--environment-idle SECONDS',
    variable: 'WINDTUNNEL_ENVIRONMENT_IDLE',
    fallback: '600',
    sentence: 'Idle time after which an execution environment is shut down.',
  },
  environmentAge: {
    flag: '--environment-age SECONDS',
    variable: 'WINDTUNNEL_ENVIRONMENT_AGE',
    fallback: '7200',
    sentence: 'Age at which an execution environment is shut down when idle.',
  },
  allowHost: {
    flag: '--allow-host NAME',
    variable: 'WINDTUNNEL_ALLOW_HOST',
    fallback: '',
    sentence: 'Further Host names to accept, separated by commas.',
  },
  allowOrigin: {
    flag: '--allow-origin ORIGIN',
    variable: 'WINDTUNNEL_ALLOW_ORIGIN',
    fallback: '',
    sentence: 'Further page origins to accept, separated by commas.',
  },
} as const satisfies Readonly<Record<string, Setting>>
