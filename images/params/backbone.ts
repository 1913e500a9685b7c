/**
 * The parameter that chooses a frozen network, and what follows from it.
 *
 * @module
 */
import { Schema } from "effect"
import { Param } from "headrace"
import * as Backbone from "../models/Backbone.ts"

/** What every stage and source of a frozen network takes. */
export const backboneParams = {
  backbone: Param.make(
    Schema.Literal(...Backbone.names).annotations({ description: Backbone.expected }),
    "mobilenet_v2_1.0_224",
    "The frozen ImageNet network: its family, width and image size; random needs no network"
  )
}

/** Edge of the images that a backbone takes, in pixels. */
export const imageSizeOf = (backbone: Backbone.Name): number => Backbone.get(backbone).imageSize
