import { Files } from "headrace"

/** A CSV of daily rentals. Only the digest of its bytes enters keys, never where it lies. */
export const RentalsFile = Files.make("RentalsFile", 1)
