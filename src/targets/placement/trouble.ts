/** The server cannot be worked with: gone, hanging, not Placement. One sentence; what was found until then is kept. */
export class PlacementTrouble extends Error {
  override readonly name = 'PlacementTrouble';
}
