import sqlalchemy as sa
from core.people.tables import Person
import pytest
@pytest.mark.parametrize("town_", ["wajir", "WAJ", "wajr"])
def test_a(caller, town_, transaction):
    def p(): 
        with transaction() as db: print(caller.language, [ (p.id,p.language) for p in db.scalars(sa.select(Person))], caller.screen)
    p()
    caller.dials(); p(); caller.chooses("More"); p(); caller.chooses("Find a centre"); p(); caller.answers(town_); p()
