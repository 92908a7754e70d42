import time, sys
from datetime import timedelta
sys.path.insert(0,'/work/main')
from core.booking.closing import What, preview
from core.booking import closing
from tests.core.booking.world import *
from tests.core.booking.conftest import world
from tests.conftest import *
def test_perf(world):
    offs=[world.offering(f"S{i}", seats=8) for i in range(10)]
    for o in offs:
        for n in range(16):
            for _ in range(3): world.confirms(world.phone(), o, an_hour(8)+n*timedelta(minutes=30))
    o=offs[0]
    t=time.time()
    with world.transaction() as db: imp=preview(db, world.catalogue, what=What(o.site), starts_at=an_hour(0), ends_at=an_hour(0)+timedelta(days=365), now=world.now)
    print("preview year", time.time()-t, imp.people, imp.tried, imp.movable)
    t=time.time(); world.closes(What(o.site), an_hour(0), an_hour(0)+timedelta(days=365)); print("close year", time.time()-t)
    from core.catalogue.tables import Closure
    [c]=world.scalars(sa.select(Closure.id)); world.lifts(c, What(o.site))
    world.closes(What(o.site), an_hour(0), an_hour(0)+timedelta(days=1))
    t=time.time(); n=world.clears(limit=25); print("clear", n, time.time()-t)
