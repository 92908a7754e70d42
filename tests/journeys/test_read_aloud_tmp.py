def test_read(phone, phones):
    def show(p, *a):
        for x in a:
            p.answers(x); print(f"--- [{x}] ({len(p.screen)})\n{p.screen}")
    for start in ("1","5"):
        p = phones("+25471100002"+start)
        p.dials(); print("=== home\n"+p.screen)
        show(p, start, "1","1","1","1","12345678","1")
        p.dials(); print(p.screen); show(p,"1","4","1","0","0","00","3","1","4","98","0","00","4","1","pasport","1","00","4","2","1","1")
        p.dials(); show(p,"4","4"); p.dials(); show(p, "3","2","1")
        p.dials(); show(p,"1","2","2","1","1","1")
        p.dials(); show(p,"1","6","1","5","98","waj","xx","y","z")
    assert 0
