/** One thing that can be done, in the menu of a site or of the command bar. */
export interface MenuItem {
  id: string;
  label: string;
  danger?: boolean;
  /** Present for a choice of one among several: whether it is the present one. */
  chosen?: boolean;
  act: () => void;
}
