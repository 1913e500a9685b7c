import { Effect } from "effect"
import * as Masked from "../../artifacts/Masked.ts"
import { TasksFailed } from "../Tasks.ts"

/** Where a Redis or Valkey server is that hands tasks to workers. */
export interface RedisAddress {
  /** With all that is secret. */
  readonly url: string
  /** Without that, as people are told of it. */
  readonly shown: string
}

const EXPECTED =
  "redis://HOST:PORT, or rediss:// over TLS, with a password where it has one: redis://:PASSWORD@HOST:PORT"

/** The environment's variable for a password that is to stand on no command line. */
export interface Environment {
  readonly PIPELINE_REDIS_PASSWORD?: string | undefined
}

/** The address that a command is given. */
export const parse = (
  text: string,
  { PIPELINE_REDIS_PASSWORD: password }: Environment
): Effect.Effect<RedisAddress, TasksFailed> => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "")
    return new TasksFailed({
      what: `${JSON.stringify(Masked.address(text))} is no address of a Redis server`,
      expected: EXPECTED,
      fix: "Correct it."
    })
  if (!/^\/?\d*$/.test(url.pathname))
    return new TasksFailed({
      what: `The address of the Redis server ${url.host} ends with ${JSON.stringify(url.pathname)}`,
      expected: "nothing there, or the number of a database: redis://HOST:PORT/1",
      fix: "Correct it."
    })
  if (url.password === "" && password) url.password = encodeURIComponent(password)
  const shown = `${url.protocol}//${url.host}${url.pathname === "/" ? "" : url.pathname}`
  return Effect.succeed({ url: url.href, shown })
}
