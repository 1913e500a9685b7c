import { Effect } from "effect"
import { connect } from "../../cluster/redis/connection.ts"
import * as Presence from "../../cluster/redis/Presence.ts"
import * as RedisAddress from "../../cluster/redis/RedisAddress.ts"

/** The workers of a Redis server, and what its clock says. */
export const listed = (address: string) =>
  Effect.gen(function* () {
    const found = yield* RedisAddress.parse(address, process.env)
    const client = yield* connect(found)
    const { shown } = found
    const workers = yield* Presence.list({ client, shown })
    return { now: yield* Presence.serverMillis({ client, shown }), workers, shown }
  }).pipe(Effect.scoped)
