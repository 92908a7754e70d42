from tests.conftest import make_database, settings_for
from core.settings import DEMO_KEY
from web.seeding import seed_database
from tests.support import NOW
def test_seed(servers):
    d=make_database(servers,"pract"); s=settings_for(d,servers,secret_key=f"{DEMO_KEY}{'x'*32}")
    a=seed_database(s,demo=True,now=NOW); b=seed_database(s,demo=True,now=NOW)
    assert a.accounts==b.accounts and len(a.accounts)==8
    print("\n".join(map(str,a.accounts)))
