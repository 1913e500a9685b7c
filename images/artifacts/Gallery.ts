import { Figure } from "headrace"

/** Images in a grid, each with what is to be said of it. */
export const Gallery = Figure.make("Gallery", 1)
