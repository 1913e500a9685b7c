/**
 * The mark of images that a dataset itself sets apart to choose the best epoch on.
 *
 * @module
 */
/** Marks a table as a dataset's own images to choose the best epoch on; it travels with the rows, as class names do. */
export const metadata: Readonly<Record<string, string>> = { split: "validation" }

/** Whether a table has such rows; any other that an epoch is chosen on is the test set. */
export const isMarked = (found: Readonly<Record<string, string>>): boolean => found.split === metadata.split
