import { Context } from "effect"
import type { View } from "./View.ts"

/** The views of the project whose command runs. */
export class Current extends Context.Tag("headrace/Views")<Current, ReadonlyArray<View>>() {}

/** The views of one sort, in their order. */
export const those = <Tag extends View["_tag"]>(
  views: ReadonlyArray<View>,
  tag: Tag
): ReadonlyArray<Extract<View, { readonly _tag: Tag }>> =>
  views.filter((view): view is Extract<View, { readonly _tag: Tag }> => view._tag === tag)
