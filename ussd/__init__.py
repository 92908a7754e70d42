"""The dialogue: one hop in, one screen out. What the screens say is in menus/."""
