import { Context } from "effect"

/**
 * The number of the first row of the batch that is computed, counted from 0 over its table. It is for messages: a row that
 * came out otherwise at another place would be wrong wherever its chunk is reused.
 */
export class FirstRow extends Context.Reference<FirstRow>()("headrace/FirstRow", { defaultValue: () => 0 }) {}
